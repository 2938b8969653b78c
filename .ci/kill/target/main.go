// Command target serves the built-in resilient target as a process of its own,
// for the kill test. It writes what the test compares the journal with: the ids
// of its process group, and each request as it arrives, with the wall time.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/chaoskit/chaos/internal/refapp"
)

func main() {
	app, err := refapp.New(refapp.Config{Mode: "resilient", Provider: os.Getenv("OPENAI_BASE_URL"), Deadline: 4 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	// A child that ignores polite signals and would outlive its parent.
	child := exec.Command("/bin/sh", "-c", "trap '' TERM HUP INT; while :; do sleep 1; done")
	if err := child.Start(); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(os.Getenv("KILL_PIDS"), fmt.Appendf(nil, "%d %d\n", os.Getpid(), child.Process.Pid), 0o644); err != nil {
		log.Fatal(err)
	}
	seen, err := os.Create(os.Getenv("KILL_SEEN"))
	if err != nil {
		log.Fatal(err)
	}
	var mu sync.Mutex
	serve := app.Handler()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id := r.Header.Get("x-chaos-request"); id != "" {
			mu.Lock()
			fmt.Fprintf(seen, "%d %s\n", time.Now().UnixNano(), id)
			mu.Unlock()
		}
		serve.ServeHTTP(w, r)
	})
	srv := &http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT"), Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(srv.ListenAndServe())
}
