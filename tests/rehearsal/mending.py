"""Changes a function of the emulator from outside, and notices an emulator that does not need it any more."""

import functools
import inspect
import sys
import textwrap

# The only version that the mends were written for.
VERSION = "1.5.33"

MENDS = []


def mend(function):
    """A change of the emulator, made before it starts."""
    MENDS.append(function)
    return function


def apply_all():
    for one in MENDS:
        one()


class NotNeeded(AssertionError):
    """What a mend replaces is no longer there: an upgrade has mended it, or has moved it."""

    def __init__(self, what):
        super().__init__(f"this mend is no longer needed, or must be written again: {what}")


def anchored(what, holds):
    """Asserts that the emulator is still wrong in the way that a mend is for."""
    if not holds:
        raise NotNeeded(what)


def rewrite(function, *changes):
    """Replaces texts in the source of a function. Each text must stand there exactly once: it is the mend's anchor."""
    module = sys.modules[function.__module__]
    source = textwrap.dedent(inspect.getsource(function))
    for old, new in changes:
        anchored(f"{module.__name__}.{function.__name__} has not {old!r} once", source.count(old) == 1)
        source = source.replace(old, new)
    lines = "\n" * (inspect.getsourcelines(function)[1] - 1)
    exec(compile(lines + source, f"<mended {module.__name__}>", "exec"), module.__dict__)
    _pass_on(function, getattr(module, function.__name__))


def replace(function, replacement):
    """Replaces a function by one that gets it as its first argument."""
    mended = functools.wraps(function)(functools.partial(replacement, function))
    setattr(sys.modules[function.__module__], function.__name__, mended)
    _pass_on(function, mended)


def _pass_on(old, new):
    """Puts the mended function wherever the old one was imported by name, and in CloudFormation's table of types."""
    from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

    modules = [module for name, module in list(sys.modules.items()) if name.startswith("ministack")]
    for names in [*map(vars, modules), *_RESOURCE_HANDLERS.values()]:
        for name, function in names.items():
            if function is old:
                names[name] = new
