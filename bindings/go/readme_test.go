package pmkt

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The quick start of README.md, built and run as a program of somebody else.
func TestQuickStartOfTheReadme(t *testing.T) {
	readme := string(must(os.ReadFile("README.md")))
	_, program, found := strings.Cut(readme, "```go\npackage main")
	program, after, closed := strings.Cut(program, "```")
	if !found || !closed {
		t.Fatal("README.md has no program")
	}
	here := must(filepath.Abs("."))
	folder := t.TempDir()
	module := "module example/quickstart\n\ngo 1.24\n\nrequire libpmkt/pmkt v0.0.0\n\n" +
		"replace libpmkt/pmkt => " + here + "\n"
	check(t, os.WriteFile(filepath.Join(folder, "go.mod"), []byte(module), 0o600))
	check(t, os.WriteFile(filepath.Join(folder, "main.go"), []byte("package main"+program), 0o600))
	run := exec.Command("go", "run", ".")
	run.Dir = folder
	run.Env = append(os.Environ(), "GOWORK=off")
	out, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		if !strings.Contains(after, "`"+line+"`") {
			t.Errorf("README.md does not say that it prints %q", line)
		}
	}
}
