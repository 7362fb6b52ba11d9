"""Labels and annotations of rules: Go's text/template with Prometheus's functions, parsed once, expanded often.

A template that does not parse is refused when its rule is loaded. One that fails while it is expanded gives the text
`<error expanding template: …>`, as in Prometheus, and never an exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..model import AlertsError, Labels
from .evaluate import Execution, Origin
from .functions import Environment, function_names, functions
from .lexer import TemplateError
from .nodes import Node, Text
from .parser import parse
from .printing import quote
from .queries import constant_queries
from .values import Dot, StringMap

__all__ = ["Environment", "Template", "TemplateError", "parse_template", "quote"]

_PREAMBLE: Final = (
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"
)
"""What Prometheus puts before each text: only its length matters here, for the columns in errors."""
_VARIABLES: Final = ("$", "$labels", "$externalLabels", "$externalURL", "$value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One parsed text."""

    text: str
    nodes: tuple[Node, ...]
    origin: Origin

    def expand(self, *, labels: Labels, value: float, external_labels: Labels = (), environment: Environment) -> str:
        """The text for one sample; `labels` are the sample's own, without those of the rule."""
        if not self.nodes or (len(self.nodes) == 1 and isinstance(self.nodes[0], Text)):
            return self.text
        dot = Dot(StringMap(dict(labels)), StringMap(dict(external_labels)), environment.external_url, value)
        try:
            return Execution(self.origin, functions(environment), dot).run(self.nodes)
        except AlertsError as error:
            return f"<error expanding template: {error}>"

    def queries(self) -> tuple[str, ...]:
        """The PromQL texts in it that are constant."""
        return tuple(constant_queries(self.nodes))


def parse_template(text: str, alert: str) -> Template:
    """Parses a label's or an annotation's text of an alert's rule. Raises `TemplateError`."""
    nodes = parse(text, function_names(), _VARIABLES)
    origin = Origin(name=f"__alert_{alert}", text=text, prefix=len(_PREAMBLE))
    return Template(text=text, nodes=nodes, origin=origin)
