"""Lines in, columns and events out. One module per format, discovered here, independent of one another, pure.

A format is a file beside this one that exports `FORMAT`; nothing else has to be edited. Names that begin with an
underscore are shared grammar (times, numbers, error messages), not formats.
"""

from ._decode import Decoded, DecoderState, StateError, decode, dump_state, load_state
from ._discovery import AnyFormat, discover_formats
from ._protocol import LogFormat, Parsed

__all__ = [
    "AnyFormat",
    "Decoded",
    "DecoderState",
    "LogFormat",
    "Parsed",
    "StateError",
    "decode",
    "discover_formats",
    "dump_state",
    "load_state",
]
