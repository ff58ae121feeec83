"""Is it the head or the way down? Controls for the networks of `shift_curve`. Chapter 5.

In `shift_curve` a network with a global average has more channels and trains for longer than one
with a flatten, and each of them makes its maps smaller. Here two networks with a flatten get the
same channels and epochs, and two with a global average leave the maps as large as they are; what
they are compared with is trained again, with the same numbers as there.
"""

from cnnlab.experiments import invariance
from cnnlab.experiments.catalogue import shift_curve
from cnnlab.experiments.core import Experiment

EXPERIMENT = Experiment(
    name="shift_controls",
    question="Trained on centred digits, is it the head or the way down that bears a shift?",
    arms={
        **{arm: invariance.IN_WORDS[arm] for arm in ("max_gap", "stride_gap")},
        **invariance.CONTROLS_IN_WORDS,
    },
    held_equal=(
        *invariance.HELD_EQUAL[:2],
        "channels of the convolutions, and epochs",
    ),
    quantities=invariance.QUANTITIES,
    run=shift_curve.run,
    full=invariance.TRAINED,
    quick=invariance.QUICK,
    data=shift_curve.data,
    packages=("scikit-learn", "torch"),
)
