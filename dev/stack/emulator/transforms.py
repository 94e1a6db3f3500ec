"""SAM gets the parameters of a deployment, as on AWS; MiniStack alone hands it none.

SAM looks parameters up where it must know a value itself: VersionDigest names the versions of functions.
"""

from contextvars import ContextVar

from ministack.services.cloudformation import changesets, engine, handlers
from samtranslator.translator import transform as sam

PARAMETERS: ContextVar = ContextVar("parameters")


def apply() -> None:
    """Gives SAM the values of parameters."""
    transforms, by_sam = engine._apply_transforms, sam.transform

    def with_parameters(template, provided=None, previous=None):
        before = PARAMETERS.set(engine._transform_parameters(template, provided, previous))
        try:
            return transforms(template, provided, previous)
        finally:
            PARAMETERS.reset(before)

    def transform(template, parameters, *arguments, **named):
        return by_sam(template, {**parameters, **PARAMETERS.get()}, *arguments, **named)

    engine._apply_transforms = changesets._apply_transforms = handlers._apply_transforms = with_parameters
    sam.transform = transform
