"""The structs of the public headers for ctypes, under their C names.

They stand by module, and all of them are here. A test compares every field with the headers, and
with a compiler's offsets.
"""

from ._structs_attribution import *  # noqa: F403
from ._structs_base import *  # noqa: F403
from ._structs_cf import *  # noqa: F403
from ._structs_funnel import *  # noqa: F403
from ._structs_intent import *  # noqa: F403
from ._structs_purchase import *  # noqa: F403
from ._structs_rfm import *  # noqa: F403
from ._structs_rules import *  # noqa: F403
from ._structs_tracker import *  # noqa: F403
