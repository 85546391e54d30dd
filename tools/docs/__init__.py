"The steps of `tools/build_docs.py`: cards, pages, search and what is done to the finished HTML."
