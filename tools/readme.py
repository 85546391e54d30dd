"README.md from nbs/index.ipynb. Called by `make readme`."
import base64, re, sys
from pathlib import Path
import nbformat
from publish import small

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT/"nbs"/"images"

def output(o, name, images):
    "One output as markdown: a picture by link (its bytes into `images`), a table or text as it is"
    data = o.get("data", {})
    if o.get("name") == "stderr": return ""                # notices of libraries
    for mime, ext in (("image/png", "png"), ("image/gif", "gif")):
        if mime in data:
            images[f"{name}.{ext}"] = base64.b64decode(small(data[mime]) if ext == "png" else data[mime])
            return f"![](nbs/images/{name}.{ext})"
    if "text/markdown" in data: return links("".join(data["text/markdown"]))
    text = data.get("text/plain") or o.get("text") or ""
    return f"    {text.strip()}".replace("\n", "\n    ") if text.strip() else ""

def links(text):
    "Pages of the site become notebooks of the repository"
    return re.sub(r"\]\((?!https?:|#|/)([\w/.-]+)\.(?:html|ipynb)(#[\w.-]+)?\)", r"](nbs/\1.ipynb)", text)

def dead(text):
    "Relative links of the README that lead nowhere"
    return [l for l in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text) if not (ROOT/l).exists()]

def readme(nb):
    "The text, and the pictures by name"
    parts, images = ["<!-- written by `make readme` from nbs/index.ipynb: edit that notebook -->"], {}
    for i, c in enumerate(nb.cells):
        src = c.source.strip()
        if c.cell_type == "markdown": parts.append(links(re.sub(r"^> (.+)$", r"*\1*", src, count=1, flags=re.M) if i == 0 else src))
        if c.cell_type != "code" or src.startswith("#| hide"): continue
        shown = "\n".join(l for l in src.splitlines() if not l.startswith("#|"))
        if shown and "#| echo: false" not in src: parts.append(f"```python\n{shown}\n```")
        parts += filter(None, (output(o, f"readme_{i}_{j}", images) for j, o in enumerate(c.outputs)))
    return "\n\n".join(parts) + "\n", images

def stale():
    "Is README.md another text than the notebook's?"
    return (ROOT/"README.md").read_text(encoding="utf-8") != readme(nbformat.read(ROOT/"nbs"/"index.ipynb", 4))[0]

if __name__ == "__main__":
    text, images = readme(nbformat.read(ROOT/"nbs"/"index.ipynb", 4))
    IMAGES.mkdir(exist_ok=True)
    for old in IMAGES.glob("readme_*"): old.unlink()
    for name, picture in images.items(): (IMAGES/name).write_bytes(picture)
    if lost := dead(text): sys.exit(f"README.md would link to {', '.join(lost)}, which does not exist; mend nbs/index.ipynb")
    (ROOT/"README.md").write_text(text, encoding="utf-8")
    print(f"README.md: {len(text.splitlines())} lines")
