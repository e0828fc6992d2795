"""What all HTML pages have in common: their look, and that everything in them is escaped."""

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #8886; }
.exposing td:first-child { border-left: 4px solid #c2410c; }
.protective td:first-child { border-left: 4px solid #15803d; }
small { opacity: .8; }
"""

PRINT_STYLE = """
code { overflow-wrap: anywhere; }
@media print {
  @page { margin: 18mm; }
  :root { color-scheme: light; }
  body { font-size: 10.5pt; max-width: none; margin: 0; padding: 0; color: #000; background: #fff; }
  h2, h3, tr { break-inside: avoid; break-after: auto; }
  h2, h3 { break-after: avoid; }
  small { opacity: 1; }
}
"""


def page(template: str, **said: object) -> str:
    """Fill in a page. It needs nothing from elsewhere, so that it can be kept, sent and printed."""
    from jinja2 import Environment  # noqa: PLC0415  (only where a page is asked for)

    return Environment(autoescape=True).from_string(template).render(style=STYLE, print=PRINT_STYLE, **said)
