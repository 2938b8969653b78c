package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// roleVar makes this test binary play another part: chaos itself, or a service
// under test. So the tests start real processes, and build nothing.
const roleVar = "CHAOS_TEST_ROLE"

func TestMain(m *testing.M) {
	switch role, mode, _ := strings.Cut(os.Getenv(roleVar), ":"); role {
	case "chaos":
		os.Unsetenv(roleVar) // the target's is set by its plan
		main()
	case "caller":
		callerMain(mode)
	case "target":
		targetMain(mode)
	}
	os.Unsetenv("GITHUB_STEP_SUMMARY") // runs of the tests are no news for CI
	// Most tests here wait for other processes; the machine can do more of that
	// at a time than it has processors.
	_ = flag.Set("test.parallel", "16")
	os.Exit(m.Run())
}

// ran is what came of one command line.
type ran struct {
	code     int
	out, err string
}

// inProcess runs a command line in this process, in a folder of its own.
func inProcess(t *testing.T, stdin string, args ...string) ran {
	t.Helper()
	var out, errs bytes.Buffer
	code := execute(args, stdio{in: strings.NewReader(stdin), out: &out, err: &errs})
	return ran{code, out.String(), errs.String()}
}

// chaosCommand prepares this binary as chaos, in dir.
func chaosCommand(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), roleVar+"=chaos", "LC_ALL=C.UTF-8")
	return cmd
}

// asProcess runs chaos as a process of its own; meanwhile, if not nil, is called
// once it runs.
func asProcess(t *testing.T, cmd *exec.Cmd, meanwhile func(*exec.Cmd)) ran {
	t.Helper()
	var out, errs bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &errs
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if meanwhile != nil {
		meanwhile(cmd)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ran{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// write puts a file into dir and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
