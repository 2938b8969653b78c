package plans

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/chaoskit/chaos/mockmodel"
)

// FileRecorded, in a run folder, holds what upstream providers answered, for
// answers: [{file: ...}].
const FileRecorded = "recorded.jsonl"

// readRecorded reads the files that answers name. A relative path is one from
// dir.
func readRecorded(dir string, answers []mockmodel.Answer) (map[string][]mockmodel.Recording, error) {
	out := map[string][]mockmodel.Recording{}
	for i, a := range answers {
		if a.File == "" || out[a.File] != nil {
			continue
		}
		key, path := fmt.Sprintf("provider.answers[%d].file", i), a.File
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		list, err := readRecordings(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%s: there is no %s\n  a run with provider.upstream writes such a file, %s in its run folder", key, path, FileRecorded)
		case err != nil:
			return nil, fmt.Errorf("%s: %s: %w", key, path, err)
		case len(list) == 0:
			return nil, fmt.Errorf("%s: %s holds no answer: nothing was recorded", key, path)
		}
		out[a.File] = list
	}
	return out, nil
}

func readRecordings(path string) ([]mockmodel.Recording, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return mockmodel.ReadRecordings(bufio.NewReaderSize(f, 1<<20))
}

// recorder writes what upstream providers answer, one recording a line. Safe for
// concurrent use.
type recorder struct {
	mu   sync.Mutex
	file *os.File
	buf  *bufio.Writer
	err  error // the first one; later recordings are dropped
}

// openRecorder makes the file in a run folder; nil where there is nothing to be
// recorded.
func openRecorder(dir string, upstreams []mockmodel.Upstream) (*recorder, error) {
	if len(upstreams) == 0 || dir == "" {
		return nil, nil
	}
	// Unlike the rest of the folder it holds what was said.
	f, err := os.OpenFile(filepath.Join(dir, FileRecorded), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, diskError(err)
	}
	return &recorder{file: f, buf: bufio.NewWriterSize(f, 1<<20)}, nil
}

// record takes a recording; nil where r is.
func (r *recorder) record() func(mockmodel.Recording) {
	if r == nil {
		return nil
	}
	return func(x mockmodel.Recording) {
		line, err := json.Marshal(x)
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.err == nil && err == nil {
			_, err = r.buf.Write(append(line, '\n'))
		}
		if r.err == nil {
			r.err = err
		}
	}
}

// close writes out what is left. The error is the first one since the start.
func (r *recorder) close() error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.err
	if flushErr := r.buf.Flush(); err == nil {
		err = flushErr
	}
	if closeErr := r.file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return diskError(err)
	}
	return nil
}
