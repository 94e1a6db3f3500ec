"""The shell blocks of README and docs: found, run as printed, or not run for a reason."""

import io
import tempfile
import unittest
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

from stack import papers
from stack.paths import DEV, ROOT, Home

PAGE = """# A page

```sh
echo one
VALUE='{"a":1}'
```

Text.

<!-- not run: it would fail -->
```sh
false
```

1. In a list:

   ```sh
   echo "$VALUE"
   ```

   ```json
   {"a":2}
   ```

```text
no shell
```
"""


class APage(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=DEV)
        self.addCleanup(folder.cleanup)
        self.page = Path(folder.name) / "page.md"

    def run_page(self, text: str):
        self.page.write_text(text)
        printed = io.StringIO()
        home = mock.Mock(env=self.page.with_name("env"))
        with redirect_stdout(printed), mock.patch.object(Home, "current", return_value=home):
            counts = papers.run(self.page, papers.blocks(self.page))
        return counts, printed.getvalue()

    def test_its_blocks_run_in_one_shell_and_answer_with_the_shown_names(self):
        counts, printed = self.run_page(PAGE)
        self.assertEqual(counts, (2, 0), printed)
        self.assertIn("page.md:11 is not run: it would fail", printed)

    def test_a_block_that_fails_is_named_with_what_it_printed(self):
        counts, printed = self.run_page("```sh\necho before; cat /nowhere\n```\n\n```sh\necho after\n```\n")
        self.assertEqual(counts, (0, 2))
        self.assertIn("page.md:1: exit code 1", printed)
        self.assertIn("/nowhere: No such file", printed)

    def test_another_answer_than_the_shown_one_fails(self):
        counts, printed = self.run_page('```sh\necho \'{"b":1}\'\n```\n\n```json\n{"a":1}\n```\n')
        self.assertEqual(counts, (0, 1))
        self.assertIn("the answer has no a; the page has no b", printed)

    def test_an_ellipsis_leaves_names_out(self):
        self.assertEqual(papers.differences('{"a":1,…}', '{"a":1,"b":2}'), [])
        self.assertEqual(papers.differences('{"a":1}', '{"a":1,"b":2}'), ["the page has no b"])

    def test_a_prompt_fails(self):
        counts, _ = self.run_page("```console\n$ echo one\n```\n")
        self.assertEqual(counts, (0, 1))


class EveryPage(unittest.TestCase):
    def test_names_the_language_of_each_block(self):
        for name in papers.PAGES:
            for page in ROOT.glob(name):
                fences = [line.strip() for line in page.read_text().splitlines() if line.strip().startswith("```")]
                self.assertTrue(all(fence != "```" for fence in fences[::2]), page)
                self.assertTrue(all(fence == "```" for fence in fences[1::2]), page)

    def test_has_no_marks_but_before_shell_blocks(self):
        for name in papers.PAGES:
            for page in ROOT.glob(name):
                marks = page.read_text().count("<!-- not run: ")
                shown = page.read_text().count("`<!-- not run: ")
                self.assertEqual(marks - shown, sum(bool(one.not_run) for one in papers.blocks(page)), page)

    def test_the_clones_files_are_there_but_the_variables_are_the_stacks(self):
        with tempfile.TemporaryDirectory() as folder:
            env = Path(folder) / "env"
            env.write_text("export API_URL=here\n")
            with mock.patch.object(Home, "current", return_value=mock.Mock(env=env)):
                papers.looks_like_the_clone(Path(folder) / "clone")
            clone = Path(folder) / "clone"
            self.assertEqual((clone / ".dev" / "env").read_text(), "export API_URL=here\n")
            self.assertTrue((clone / "README.md").samefile(ROOT / "README.md"))
            self.assertTrue((clone / ".dev" / "venv").is_symlink())
