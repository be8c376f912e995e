package rules

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// wallClock are the files that read the clock on the wall, or make times that
// only it can tell, and why. Everywhere else times come of time.Now, are
// compared as they came, and so run on when somebody sets the clock.
var wallClock = map[string]string{
	"hardware/exchange/chip.go":    "shows how long a call took",
	"hardware/exchange/follow.go":  "has a caller id tell date and time",
	"pac/internal/doctor/ports.go": "shows since when",
	"pns/app/dial.go":              "shows until when",
	"pns/app/commands.go":          "shows until when",
	"pns/internal/users/hours.go":  "hours of the day are the wall's",
	"shared/console/lines.go":      "shows since when",
	"shared/daemon/notify.go":      "names the monotonic clock",
	"shared/console/table.go":      "shows when calls began",
}

// steady are the methods of time.Time that keep the monotonic clock's reading,
// or ask for nothing else while both times have one.
var steady = []string{"Add", "After", "Before", "Compare", "Equal", "IsZero", "Sub"}

// makers are the functions that make a time without that reading, or read a
// clock that can be set. time.Unix(1, 0) stands for long ago, and is let pass.
var makers = []string{"time.Date", "time.Parse", "time.ParseInLocation", "time.Unix", "time.UnixMicro", "time.UnixMilli",
	"golang.org/x/sys/unix.ClockGettime", "golang.org/x/sys/unix.Gettimeofday", "golang.org/x/sys/unix.Time",
	"golang.org/x/sys/unix.TimerfdCreate", "syscall.Gettimeofday", "syscall.Time"}

// Limits, locks, leases and all other timers run on monotonic time.
func TestNothingWaitsByTheWallClock(t *testing.T) {
	seen := map[string]bool{}
	for _, use := range clockUses(t) {
		seen[use.file] = true
		if wallClock[use.file] == "" {
			t.Errorf("%s:%d: %s goes by the clock on the wall", use.file, use.line, use.what)
		}
	}
	for file := range wallClock {
		if !seen[file] {
			t.Errorf("%s does not: it is out of the list", file)
		}
	}
}

type clockUse struct {
	file string
	line int
	what string
}

// clockUses are all uses of the clock on the wall in the programs.
func clockUses(t *testing.T) (uses []clockUse) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	packages, exports := compiled(t)
	set := token.NewFileSet()
	from := importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for _, p := range packages {
		var files []*ast.File
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}}
		if _, err := (&types.Config{Importer: from}).Check(p.ImportPath, set, files, info); err != nil {
			t.Fatal(err)
		}
		longAgo := map[*ast.Ident]bool{}
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				if c, ok := n.(*ast.CallExpr); ok && types.ExprString(c) == "time.Unix(1, 0)" {
					longAgo[c.Fun.(*ast.SelectorExpr).Sel] = true
				}
				return true
			})
		}
		for name, o := range info.Uses {
			if f, ok := o.(*types.Func); ok && onTheWall(f) && !longAgo[name] {
				at := set.Position(name.Pos())
				file, err := filepath.Rel(root, at.Filename)
				if err != nil {
					t.Fatal(err)
				}
				uses = append(uses, clockUse{file, at.Line, f.FullName()})
			}
		}
	}
	return uses
}

// onTheWall tells whether a function or method goes by the clock on the wall.
func onTheWall(f *types.Func) bool {
	if r := f.Signature().Recv(); r != nil {
		return strings.TrimPrefix(r.Type().String(), "*") == "time.Time" && !slices.Contains(steady, f.Name())
	}
	return slices.Contains(makers, f.FullName())
}

// compiled are the packages of the programs, and where the compiler has put the
// types of all that they import.
func compiled(t *testing.T) (ours []sourcePackage, exports map[string]string) {
	t.Helper()
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,GoFiles,Export", "carrier/pac", "carrier/pns", "carrier/hardware/...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	exports = map[string]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p sourcePackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return ours, exports
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
		if strings.HasPrefix(p.ImportPath, "carrier/") {
			ours = append(ours, p)
		}
	}
}

type sourcePackage struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
}
