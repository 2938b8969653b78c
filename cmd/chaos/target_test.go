package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// targetMain is a service under test that misbehaves as mode says. It calls the
// mock model where OPENAI_BASE_URL says, once for each request, and hands on what
// comes back.
func targetMain(mode string) {
	switch mode {
	case "exits":
		fmt.Println("\x1b[2Jcannot read config.toml")
		os.Exit(3)
	case "never ready":
		fmt.Println("warming up")
		select {}
	case "ignores SIGTERM":
		signal.Ignore(syscall.SIGTERM)
	case "forks":
		// A child that outlives its parent's SIGTERM, and keeps its output open.
		child := exec.Command("/bin/sh", "-c", `trap "" TERM; echo $$ > child.pid; while :; do sleep 1; done`)
		child.Stdout = os.Stdout
		_ = child.Start()
	case "tells secrets":
		fmt.Printf("started with %s and %s and key %s\n", os.Getenv("PLAN_SECRET"), os.Getenv("SERVICE_API_KEY"), os.Getenv("OPENAI_API_KEY"))
	case "calls at start":
		callProvider(&http.Request{}, []byte(`{"model":"gpt-4o","messages":[{"role":"user","content":"hello"}]}`))
	}
	var served atomic.Int64
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		misbehave(mode, w, r, body, int(served.Add(1)))
	})
	fmt.Println(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

// misbehave answers request number n.
func misbehave(mode string, w http.ResponseWriter, r *http.Request, body []byte, n int) {
	const answered = `{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}`
	switch {
	case mode == "ends in the trial" && n == 2, mode == "ends in the load" && n == 30:
		fmt.Println("panic: out of memory")
		os.Exit(2)
	case mode == "calls elsewhere", mode == "calls at start":
		fmt.Fprint(w, answered)
		return
	case mode == "answers in another shape":
		callProvider(r, body)
		fmt.Fprint(w, `{"reply":"hi"}`)
		return
	case mode == "wants a key":
		http.Error(w, `{"detail":"who are you?"}`, http.StatusUnauthorized)
		return
	case mode == "hangs":
		select {
		case <-r.Context().Done():
		case <-time.After(time.Minute):
		}
		return
	case mode == "fails each third" && n%3 == 0, mode == "tells secrets" && n > 1:
		http.Error(w, "no luck with "+os.Getenv("PLAN_SECRET"), http.StatusInternalServerError)
		return
	}
	resp, err := callProvider(r, body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	for k, v := range resp.Header {
		w.Header()[k] = v
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}

func callProvider(r *http.Request, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, os.Getenv("OPENAI_BASE_URL")+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for k, v := range r.Header {
		req.Header[k] = v
	}
	req.Header.Set("Content-Type", "application/json")
	return http.DefaultClient.Do(req)
}
