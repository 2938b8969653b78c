package mockmodel

import (
	"bytes"
	"io"
	"net/http"
	"time"
)

// page answers what is no inference endpoint.
func (s *Server) page(w http.ResponseWriter, r *http.Request, f found) {
	v := f.page.vendor
	if r.Method == http.MethodPost {
		if status := s.readPage(w, r, v.bodyMax); status != 0 {
			refused := v.words(status, &call{})
			s.refuse(w, v, &refused)
			return
		}
	}
	body, refused := f.page.serve(s, r, f)
	if refused != nil {
		s.refuse(w, v, refused)
		return
	}
	s.other(w, v, s.otherID(), http.StatusOK, body)
}

// readPage reads the body of a call to a page within the bounds of any other
// body, and leaves it in r, with its length. What is returned is the status of the refusal, 0
// for none.
func (s *Server) readPage(w http.ResponseWriter, r *http.Request, most int64) int {
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(bodyTimeout)) // not every writer has one
	reading := s.waits.enter(waitPage)
	body, err := readAll(nil, io.LimitReader(r.Body, most+1), 0)
	reading.Add(-1)
	switch {
	case err != nil:
		w.Header().Set("Connection", "close")
		return http.StatusRequestTimeout
	case int64(len(body)) > most:
		w.Header().Set("Connection", "close")
		return http.StatusRequestEntityTooLarge
	}
	_ = rc.SetReadDeadline(time.Time{})
	r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	return 0
}

var textType = []string{"text/plain; charset=utf-8"}

// pageType returns the media type of a page: JSON, or a line of text.
func pageType(body []byte) []string {
	if len(body) > 0 && body[0] != '{' && body[0] != '[' {
		return textType
	}
	return jsonType
}
