"""Turn the SVG that Matplotlib writes into a part of a page."""

import re
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"


def _rounded(text: str, digits: int) -> str:
    """Round the numbers in a piece of path data."""

    def short(match: re.Match[str]) -> str:
        value = f"{float(match[0]):.{digits}f}".rstrip("0").rstrip(".")
        return "0" if value in ("-0", "") else value

    return re.sub(r"-?\d+\.\d+(?:e-?\d+)?", short, text)


def page_svg(svg: str, prefix: str, alt: str) -> str:
    """Make Matplotlib's SVG a part of a page: titled, in the page's ink and font, small, ids its own."""
    ElementTree.register_namespace("", SVG[1:-1])
    root = ElementTree.fromstring(svg)
    parents = {child: parent for parent in root.iter() for child in parent}
    for element in list(root.iter()):
        # Its one style sheet would reach the whole page; the root's attributes below say the same.
        if element.tag in (f"{SVG}metadata", f"{SVG}style"):
            parents[element].remove(element)
    for defs in root.findall(f".//{SVG}defs"):
        if not len(defs):
            parents[defs].remove(defs)
    everything = ElementTree.tostring(root, encoding="unicode")
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', everything))
    names = {name: f"{prefix}-{i}" for i, name in enumerate(sorted(used, key=everything.index))}
    for element in root.iter():
        name = element.attrib.pop("id", None)
        if name in names:
            element.set("id", names[name])
        href = element.attrib.pop(f"{XLINK}href", None)
        if href is not None:
            element.set("href", f"#{names[href[1:]]}" if href.startswith("#") else href)
        if "clip-path" in element.attrib:
            element.set("clip-path", f"url(#{names[element.attrib['clip-path'][5:-1]]})")
        if element.attrib.get("transform", "").startswith(("rotate(-0 ", "rotate(0 ")):
            del element.attrib["transform"]
        for key, digits in (("d", 2), ("x", 2), ("y", 2), ("points", 2), ("transform", 4)):
            if key in element.attrib:
                element.set(key, re.sub(r"\s+", " ", _rounded(element.attrib[key], digits)).strip())
        if "style" in element.attrib:
            style = element.attrib["style"].replace("#000000", "currentColor")
            # The page's own font draws the text.
            element.set("style", re.sub(r"font-family: [^;]*(; |$)", "", style))
    width = float(root.attrib["viewBox"].split()[2]) * 4 / 3
    attributes = {
        "viewBox": _rounded(root.attrib["viewBox"], 2),
        "width": f"{width:.0f}",
        "fill": "currentColor",
        "role": "img",
        "aria-label": alt,
        "style": "max-width:100%;height:auto;overflow:visible;stroke-linejoin:round;stroke-linecap:butt",
    }
    root.attrib.clear()
    root.attrib.update(attributes)
    title = ElementTree.Element(f"{SVG}title")
    title.text = alt
    root.insert(0, title)
    for element in root.iter():
        if element.tag not in (f"{SVG}text", f"{SVG}tspan", f"{SVG}title"):
            element.text = element.text.strip() or None if element.text else None
        element.tail = (element.tail.strip() or None) if element.tail else None
    return ElementTree.tostring(root, encoding="unicode") + "\n"
