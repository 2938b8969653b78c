package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/chaoskit/chaos/plans"
)

// resultsBase is where run folders are made when nobody says where.
const resultsBase = "chaos-results"

// folder is the folder of one run, and how to take it back.
type folder struct {
	dir  string
	made bool // by this process
	base string
	was  string // where base/latest pointed to, "" if nowhere
}

// runFolder chooses the run folder: --out, or a new one in the default place
// with the link `latest` to it.
func runFolder(out, name string, several bool) (*folder, error) {
	if out == "" {
		return defaultFolder(name)
	}
	if several {
		out = filepath.Join(out, name)
	}
	st, err := os.Stat(out)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return &folder{dir: out, made: true}, nil
	case err == nil && !st.IsDir():
		return nil, fmt.Errorf("--out %s is a file: name a folder, which is made", out)
	}
	if entries, err := os.ReadDir(out); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("--out %s is not empty; a run folder holds one run: name another, or remove it", out)
	}
	return &folder{dir: out}, nil
}

func defaultFolder(name string) (*folder, error) {
	stamp := time.Now().UTC().Format("20060102-150405")
	dir := filepath.Join(resultsBase, name+"-"+stamp)
	for i := 2; ; i++ {
		// Two runs in one second get folders of their own.
		err := os.MkdirAll(resultsBase, 0o755)
		if err == nil {
			err = os.Mkdir(dir, 0o755)
		}
		if err == nil {
			break
		}
		if !errors.Is(err, os.ErrExist) {
			return nil, &plans.HarnessError{What: "cannot make the run folder: " + err.Error(), Do: "choose another with --out", Err: err}
		}
		dir = filepath.Join(resultsBase, fmt.Sprintf("%s-%s-%d", name, stamp, i))
	}
	was, _ := os.Readlink(filepath.Join(resultsBase, latest))
	pointLatest(resultsBase, filepath.Base(dir))
	return &folder{dir: dir, made: true, base: resultsBase, was: was}, nil
}

// forget takes the folder back if nothing was recorded in it: `latest` must
// not point to a run that never was, and --out must not be taken by it.
func (f *folder) forget() {
	if _, err := os.Lstat(filepath.Join(f.dir, plans.FileJournal)); !errors.Is(err, os.ErrNotExist) {
		return
	}
	_ = os.Remove(filepath.Join(f.dir, plans.FilePlan))
	if !f.made || os.Remove(f.dir) != nil || f.base == "" {
		return
	}
	if f.was != "" {
		pointLatest(f.base, f.was)
	} else {
		_ = os.Remove(filepath.Join(f.base, latest))
		_ = os.Remove(f.base) // only if it is empty
	}
}

// latest is the link to the newest run folder, and its name on command lines.
const latest = "latest"

// pointLatest replaces the link in one step; a file system without links just
// has none.
func pointLatest(base, name string) {
	tmp := filepath.Join(base, ".latest."+strconv.Itoa(os.Getpid()))
	if err := os.Symlink(name, tmp); err != nil {
		return
	}
	if err := os.Rename(tmp, filepath.Join(base, latest)); err != nil {
		_ = os.Remove(tmp)
	}
}
