"""What the explorers of a small map share that can show a photograph instead."""

from typing import Any

from cnnlab._extras import needed
from cnnlab.widgets.base import PageWidget
from cnnlab.widgets.values import Choice, Photo, check_visible

with needed("widgets", by="cnnlab.widgets"):
    import traitlets


class MapOrPhoto(PageWidget):
    """An explorer of a map `x` of numbers or, where there is one, of a grey photograph."""

    x: Any
    photo = Photo((8, 96)).tag(sync=True)
    view = Choice("numbers", "photo").tag(sync=True)

    @traitlets.validate("photo", "view")
    def _check_shown(self, proposal: Any) -> Any:
        new = {proposal["trait"].name: proposal["value"]}
        photo, view = (new.get(name, getattr(self, name)) for name in ("photo", "view"))
        check_visible(type(self).__name__, photo, "view", view, "view='numbers'")
        return proposal["value"]

    def _map(self) -> Any:
        """Rows of what is on view."""
        return self.photo if self.view == "photo" and self.photo is not None else self.x
