"Tests of the pure steps; `make docs` runs them first, in a second."
from fastcore.docments import DocmentText, docments

from . import cards, pages, site, typed

def same(a, b): assert a == b, f"{a!r}\n!=\n{b!r}"

def test_page_names():
    same(pages.page_name("07_viz.ipynb"), "viz.ipynb")
    same(pages.page_name("runs/04b_articulated.ipynb"), "runs/articulated.ipynb")
    same(pages.page_name("explains/errors.ipynb"), "explains/errors.ipynb")

def test_links_in_prose():
    names = pages.Names({"core": ["Clip4D"], "viz": ["strip"]}, {"Clip4D", "Clip4D.save"})
    link = lambda text: pages.linkify(text, names, "sim", "../")
    same(link("a `Clip4D`"), "a [`Clip4D`](../core.ipynb#clip4d)")
    same(link("`viz.strip`, `core`, `Clip4D.save`"), "[`viz.strip`](../viz.ipynb), [`core`](../core.ipynb), [`Clip4D.save`](../core.ipynb#clip4d.save)")
    for kept in ("`nobody`", "[`Clip4D`](x)", "```\n`Clip4D`\n```", "$$`Clip4D`$$", '<b title="`Clip4D`">'): same(link(kept), kept)
    same(pages.linkify("`core`", names, "core", ""), "`core`")

def test_order_of_cards():
    def shown(name): return dict(cell_type="code", source=f"show_doc({name})", outputs=[])
    code = dict(cell_type="code", source="#| code-fold: true\ndef a(): pass", outputs=[])
    text = dict(cell_type="markdown", source="why")
    same(pages.in_order([text, code, shown("b"), shown("a"), text], ["a", "b"]), [text, shown("a"), shown("b"), code, text])

def demo(
    clip, # a clip | (t h w)
    *names:str, # some_name
    fps:float=16., # frames per second, `a_b`
    parts:dict|None=None,
)->list: # of <em>
    "What it does"

def test_parameter_table():
    text = DocmentText(demo, maxline=80, docstring=False)
    rows, back = cards.parameters(demo, text.dm)
    same(rows[0], ("``clip``", "", "", r"a clip \| (t h w)"))
    same(rows[1], ("``*names``", "`str`", "", r"some\_name"))
    same(rows[2], ("``fps``", "`float`", "``16.0``", "frames per second, `a_b`"))
    same(rows[3][:3], ("``parts``", r"`dict\|None`", "``None``"))
    same(back, ("*returns*", "`list`", "", "of &lt;em&gt;"))
    same(cards.markdown_table(("a", "b", "c"), [("1", "", "2")]), "| a | c |\n| --- | --- |\n| 1 | 2 |")
    same(cards.signature(demo, "demo", text), "def demo(clip, *names:str, fps:float=16.0, parts:dict|None=None)->list")

def test_types():
    same([cards.type_name(t) for t in (int, list[int], dict | None, "numpy.ndarray | phys4d.core.Camera", None)], ["int", "list[int]", "dict|None", "ndarray|Camera", ""])

def test_words_of_the_house():
    words = cards.house_words()
    same(cards.meaning("truth", "", demo), words["truth"])
    same(cards.meaning("truth", "its comment", demo), "its comment")
    moved = copy_of("stopped", "phys4d.articulated")
    same(cards.meaning("q", "", moved), words["articulated.q"])
    same(cards.meaning("dt", "speed, seconds", moved), "seconds")

def test_meanings_are_taken_over():
    from phys4d.pretrain import PretrainConfig
    from phys4d.trainer import TrainConfig
    from phys4d.wan import WanBackbone
    same(cards.meaning("patience", None, PretrainConfig), cards.meaning("patience", docments(TrainConfig, full=True)["patience"]["docment"], TrainConfig))
    assert cards.inherited("x0", WanBackbone.decode_video)

def test_shared_comments():
    from phys4d import data, evals, matter, shapes
    said = cards.shared_comments(shapes.quad_faces)
    assert said["a"] == said["d"] and said["a"].startswith("(n) corner numbers")
    same(cards.shared_comments(evals.metric_mark), {"m": "Metric"})
    same(cards.shared_comments(data.stranger), {})
    assert cards.meaning("low", None, matter.bisect)

def test_fields_of_a_file():
    from phys4d.kit import KitItem
    rows, _ = cards.parameters(KitItem, {})
    same(rows[0], ("``key``", "`str`", "", "name of the video that is expected: KEY.mp4"))

def copy_of(name, module):
    "A function that says it is another"
    def fn(): pass
    fn.__qualname__, fn.__module__ = name, module
    return fn

def test_line_of_a_name():
    notebook = '"cell_type": "code",\n"source": [\n  "#| export\\n",\n  "@patch\\n",\n  "def a(): pass"\n]\n"cell_type": "code",\n  "def b(): pass"\n'
    same([cards.line_of(notebook, name, notebook=True) for name in ("a", "b")], [5, None])
    module = "class A:\n    def run(self): pass\n\ndef run(): pass\n"
    same([cards.line_of(module, name) for name in ("A", "A.run", "run", "gone")], [1, 2, 4, None])

def test_hanging_lines():
    same(site.hang_lines("a\n  b"), '<span class="line">a</span>\n<span class="line" style="--in:2ch">  b</span>')
    text = site.hang_lines('x <span class="st">"one\ntwo"</span> y')
    same(text, '<span class="line">x <span class="st">"one</span></span>\n<span class="line"><span class="st">two"</span> y</span>')

def test_outputs():
    assert site.in_columns("a  b\nc  d\ne  f") and not site.in_columns("One sentence.\nAnother.\nA third  one.")
    same(site.describe_pictures('<h2>Doors</h2><img src="a"><img src="b" alt="x">'), '<h2>Doors</h2><img alt="Figure: Doors" src="a"><img src="b" alt="x">')
    link = lambda text: text.upper()
    same(pages.tidy_output(dict(name="stderr", text="x"), link), None)
    same(pages.tidy_output(dict(data={"text/markdown": ["a"]}), link)["data"], {"text/markdown": "A"})
    figure = pages.plotly_html(dict(layout=dict(title=dict(text="<b>"), height=300), data=["</script>"]))
    assert "&lt;b&gt;" in figure and "height:300px" in figure and "</script>\"" not in figure

def test_sentences_in_tables():
    row = f"<td>3.1</td><td>{'why '*10}</td>"
    same(site.mark_sentences(row), row.replace("<td>why", '<td class="sentence">why'))

def test_links_are_checked():
    page = site.OUT/"a.html"
    same(site.link_problem(page, "img", "https://x.org/a.png", {}), "<img> fetches https://x.org/a.png")
    same(site.link_problem(page, "a", "https://x.org", {}), None)
    same(site.link_problem(page, "a", "none.html", {}), "broken link none.html")

def test_typed_commands():
    same(typed.typed_lines("```sh\nmake demo\nphys4d_run demo # all\n```\nand `phys4d_view a --png b` or `phys4d_view`"), ["phys4d_run demo # all", "phys4d_view a --png b"])
    for good in ("phys4d_simulate rigid/ball_drop --seed 3 # a ball", "phys4d_run demo -p stage2.config.rank=8", "phys4d_data verify x"): same(typed.typed_problem(good), None)
    for bad, word in (("phys4d_simulate x --sede 3", "--sede"), ("phys4d_run demo -p stage2.config.rnk=8", "rank"), ("phys4d_data mak x", "no such command")):
        assert word in typed.typed_problem(bad), bad

def run():
    "Every test of this file"
    for name, test in list(globals().items()):
        if name.startswith("test_"): test()
