"""Explorers and quizzes: what the reader touches.

Each one is a Python class and one JavaScript module. In a running notebook the two are joined by
anywidget, so that Python sees every click and the page sees every assignment. In a built page the
same module draws from the state stored beside it, and without JavaScript the stored tables and
texts stay. Chapters 2 and on.
"""

from cnnlab.widgets.base import PageWidget, StateError
from cnnlab.widgets.convolution import ConvolutionExplorer
from cnnlab.widgets.digits import DigitsExplorer
from cnnlab.widgets.dropout import DropoutExplorer
from cnnlab.widgets.ledger import LedgerExplorer
from cnnlab.widgets.pooling import PoolingExplorer
from cnnlab.widgets.quiz import Quiz, QuizError, load_quiz, quiz, quiz_names
from cnnlab.widgets.records import RunsExplorer
from cnnlab.widgets.removals import RemovalsExplorer
from cnnlab.widgets.shift import ShiftExplorer
from cnnlab.widgets.stack import StackExplorer
from cnnlab.widgets.step import TrainingStepExplorer

__all__ = [
    "ConvolutionExplorer",
    "DigitsExplorer",
    "DropoutExplorer",
    "LedgerExplorer",
    "PageWidget",
    "PoolingExplorer",
    "Quiz",
    "QuizError",
    "RemovalsExplorer",
    "RunsExplorer",
    "ShiftExplorer",
    "StackExplorer",
    "StateError",
    "TrainingStepExplorer",
    "load_quiz",
    "quiz",
    "quiz_names",
]
