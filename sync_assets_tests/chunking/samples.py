"""One document of each language with a class or function too large to stay whole."""

from sync_assets.models import Document

STEPS = "\n".join(f"    step_{number}(value, {number});" for number in range(90))
PYTHON_STEPS = "".join(f"        if step({n}):\n            go({n})\n" for n in range(70))

SAMPLES = {
    "a.py": (
        (
            "import a\nLIMIT = 1\n\n# lead\n@decorated\nclass Big:\n    x = 1\n\n    # about it\n"
            f"    def method(self):\n{PYTHON_STEPS}\n    @property\n    def small(self): ...\n"
            "if a:\n    def chosen(): ...\n"
        ),
        {"Big", "Big.method", "Big.small", "chosen"},
    ),
    "a.ts": (
        (
            "import a from 'a';\nexport interface Options { a: string }\n"
            "export type Name = string;\n"
            "namespace Space {\n  export function inner() { return 1; }\n}\n"
            "/** doc */\n@Component({x: 1})\nexport class Big extends Base {\n  field = 1;\n"
            f"  // lead\n  @Input() method(a: string): void {{\n{STEPS}\n  }}\n  other() {{}}\n}}\n"
            "export const arrow = async (x: number) => { return x; };\n"
            "declare function g(): void;\n"
        ),
        {"Options", "Name", "Space.inner", "Big", "Big.method", "Big.other", "arrow", "g"},
    ),
    "a.tsx": (
        "export const App = () => <div/>;\nfunction two() { return <p/>; }\n",
        {"App", "two"},
    ),
    "a.js": (
        "const A = () => 1;\nmodule.exports.b = function () {};\nexports.c = class { m() {} };\n",
        {"A", "module.exports.b", "exports.c"},
    ),
    "a.rs": (
        (
            "use std::io;\n\n/// doc\n#[derive(Debug)]\npub struct Point { a: u8 }\n\n"
            f"impl Display for Point {{\n    fn fmt(&self) {{\n{STEPS}\n    }}\n"
            "    fn b() {}\n}\n"
            "mod tests {\n    use super::*;\n    #[test]\n    fn works() {}\n}\n"
        ),
        {"Point", "Point.fmt", "Point.b", "tests.works"},
    ),
    "a.java": (
        (
            "package a.b;\n/** doc */\n@Entity\npublic class Big<T> {\n  int a;\n  @Override\n"
            f"  public void method() {{\n{STEPS}\n  }}\n  Big() {{}}\n  enum E {{ A, B }}\n}}\n"
        ),
        {"Big", "Big.method", "Big.Big", "Big.E"},
    ),
    "a.cs": (
        (
            "using System;\nnamespace A.B {\n  [Serializable]\n  public class Big {\n"
            f"    [Test]\n    public void Method() {{\n{STEPS}\n    }}\n"
            "    public Big() {}\n  }\n}\n"
        ),
        {"A.B.Big", "A.B.Big.Method", "A.B.Big.Big"},
    ),
    "a.cpp": (
        (
            "#include <x>\nnamespace a::b {\ntemplate <class T>\n"
            "class Big : public Bar {\n public:\n"
            f"  Big() {{}}\n  int method(int a) const {{\n{STEPS}\n  }}\n}};\n"
            "int &Big::x() { return a; }\nBig::~Big() {}\n}  // namespace a::b\n"
        ),
        {"a::b.Big", "a::b.Big.Big", "a::b.Big.method", "a::b.Big::x", "a::b.Big::~Big"},
    ),
    "a.h": (
        (
            "#ifndef A\n#define A\nstruct foo { int a; };\ntypedef struct { int b; } bar_t;\n"
            "int prototype(int);\nstatic inline char *f(void) { return 0; }\n#endif\n"
        ),
        {"foo", "bar_t", "f"},
    ),
    "a.c": (f"int main(int argc) {{\n{STEPS}\n}}\nstatic int *two(void) {{}}\n", {"main", "two"}),
    "a.rb": (
        (
            "require 'x'\nmodule A\n  module B\n    # lead\n    class C < D\n      attr_reader :a\n"
            f"      def method\n{STEPS}\n      end\n\n      private\n\n      def self.other; end\n"
            "    end\n  end\nend\n"
        ),
        {"A.B.C", "A.B.C.method", "A.B.C.other"},
    ),
    "a.php": (
        (
            "<?php\nnamespace A;\n/** doc */\n#[Attr]\nclass Big extends D {\n  private $x;\n"
            f"  public function method() {{\n{STEPS}\n  }}\n}}\nfunction top() {{}}\n?>\n"
        ),
        {"Big", "Big.method", "top"},
    ),
    "a.sh": ("set -e\n# lead\nfoo() {\n  echo\n}\nfunction bar { echo; }\nfoo\n", {"foo", "bar"}),
    "a.go": (
        (
            "package a\n\n// Doc\ntype S struct { a int }\n\n"
            f"func (s *S[T]) M() error {{\n{STEPS}\n}}\nfunc F() {{}}\n"
        ),
        {"S", "S.M", "F"},
    ),
}


def document(path: str | None, text: str) -> Document:
    return Document(
        document_id="d" * 32,
        key=path or "key",
        version="1",
        title=path or "A title",
        url="https://example.dev/1",
        text=text,
        path=path,
    )
