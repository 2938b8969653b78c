// Command openaigo-target is a service that chaos can be pointed at, written
// on the official OpenAI SDK for Go with its stock retries: what most services
// are. chaos judges it as it judges anybody's.
//
//	GET  /healthz
//	POST /v1/chat/completions   OpenAI's shape, JSON and SSE
//
// It listens on 127.0.0.1:$PORT and asks the provider at $OPENAI_BASE_URL. It
// adds no retry, no fallback and no timeout of its own below five minutes, so
// that all that is seen at the provider is the SDK's policy. It hands the
// header x-chaos-request and the trace on, as a traced service would.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// requestTimeout is longer than what two retries with the longest Retry-After
// that the SDK honours, 120 s, can take.
const requestTimeout = 5 * time.Minute

const bodyMax = 4 << 20

// handedOn are the headers that go with every call to the provider.
var handedOn = []string{"X-Chaos-Request", "Traceparent", "Tracestate"}

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server := &http.Server{
		Addr:              "127.0.0.1:" + port,
		Handler:           handler(openai.NewClient()),
		ReadHeaderTimeout: 10 * time.Second,
	}
	go func() {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if server.Shutdown(last) != nil {
			_ = server.Close() // whoever is still waiting is told by the reset
		}
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(os.Stderr, "openaigo-target:", err)
		os.Exit(1)
	}
}

// handler serves both paths with the given client.
func handler(client openai.Client) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, `{"status":"ok"}`)
	})
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
		defer cancel()
		asked, err := parse(http.MaxBytesReader(w, r.Body, bodyMax))
		if err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		var options []option.RequestOption
		for _, name := range handedOn {
			if v := r.Header.Get(name); v != "" {
				options = append(options, option.WithHeader(name, v))
			}
		}
		if asked.stream {
			relay(w, client.Chat.Completions.NewStreaming(ctx, asked.params, options...))
			return
		}
		answer, err := client.Chat.Completions.New(ctx, asked.params, options...)
		if err != nil {
			pass(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, answer.RawJSON())
	})
	return mux
}

// pass gives the provider's refusal to the caller, as a thin service does.
func pass(w http.ResponseWriter, err error) {
	var refused *openai.Error
	if !errors.As(err, &refused) {
		refuse(w, http.StatusBadGateway, "the provider did not answer: "+err.Error())
		return
	}
	for _, name := range []string{"Retry-After", "Retry-After-Ms"} {
		if v := refused.Response.Header.Get(name); v != "" {
			w.Header().Set(name, v)
		}
	}
	refuse(w, refused.StatusCode, "the provider refused with status "+strconv.Itoa(refused.StatusCode)+": "+refused.Message)
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(errorBody(message)) // nobody is left to tell
}

func errorBody(message string) []byte {
	b, err := json.Marshal(map[string]any{"error": map[string]any{"message": message, "type": "server_error", "param": nil, "code": nil}})
	if err != nil {
		panic(err) // a map of strings can be encoded
	}
	return b
}
