"Packaging, driven by settings.ini"
from configparser import ConfigParser
from pathlib import Path
from setuptools import find_packages, setup

config = ConfigParser(delimiters=["="])
config.read(Path(__file__).with_name("settings.ini"), encoding="utf-8")
cfg = config["DEFAULT"]

extras = {k.removesuffix("_requirements"): v.split() for k, v in cfg.items() if k.endswith("_requirements")}
extras["all"] = sorted({r for v in extras.values() for r in v})

# What a run reads stays where it is in the checkout and travels in the wheel below phys4d/_shipped, where `core.shipped` finds it
SHIPPED = {
    "sim_scenes": ["**/*.yaml"],
    "data": ["README.md", "backbones/tiny-wan/**/*", "backbones/known.yaml", "estimators/*.safetensors", "lifted/*/*", "results/**/*.csv", "results/**/*.json"],
    "nbs/runs": ["*.ipynb", "**/*.yaml"],
}
folders = {f"phys4d._shipped.{folder.replace('/', '.')}": folder for folder in SHIPPED}

setup(
    name=cfg["lib_name"],
    version=cfg["version"],
    description=cfg["description"],
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    keywords=cfg["keywords"],
    author=cfg["author"],
    author_email=cfg["author_email"],
    url=cfg["git_url"],
    project_urls={"Documentation": cfg["doc_host"] + cfg["doc_baseurl"]},
    classifiers=["Development Status :: 3 - Alpha", "Intended Audience :: Science/Research", "Programming Language :: Python :: 3"],
    license="Apache-2.0",
    packages=find_packages(include=["phys4d", "phys4d.*"]) + list(folders),
    package_dir=folders,
    package_data={package: SHIPPED[folder] for package, folder in folders.items()},
    include_package_data=False,
    install_requires=cfg["requirements"].split(),
    extras_require=extras,
    python_requires=">=" + cfg["min_python"],
    entry_points={
        "console_scripts": cfg.get("console_scripts", "").split(),
        "nbdev": [f'{cfg["lib_path"]}={cfg["lib_path"]}._modidx:d'],
    },
    zip_safe=False,
)
