package view

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gockpt/ckpt/internal/cli/text"
)

// A Server shows a Set to browsers on the same machine. Requests need the token in its address.
type Server struct {
	set      *Set
	listener net.Listener
	token    string
	mux      *http.ServeMux
}

// Listen returns a server for set at an address of the loopback interface, such as "localhost:8080"; ":0" picks a free port. It returns
// an error if the address is not a loopback address or is in use.
func Listen(ctx context.Context, set *Set, address string) (*Server, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("address %q: expected HOST:PORT: %w", address, err)
	}
	if host == "" {
		host = "localhost"
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("address %q: %q is not this machine's loopback: a page with weights is shown at localhost only", address, host)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	s := &Server{set: set, listener: l, token: rand.Text(), mux: http.NewServeMux()}
	s.routes()
	return s, nil
}

// URL returns the address of the page.
func (s *Server) URL() string { return fmt.Sprintf("http://%s/%s/", s.listener.Addr(), s.token) }

// Serve answers until ctx ends, and returns nil then.
func (s *Server) Serve(ctx context.Context) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    1 << 16,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	err := server.Serve(s.listener)
	if ctx.Err() != nil && errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Close frees the address of a server that does not serve.
func (s *Server) Close() error { return s.listener.Close() }

// policy lets a page load from its server only.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// ServeHTTP answers requests that have the token and name this server as their host. Checking the host keeps another site's name
// from resolving to this server.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
	if !s.isHost(r.Host) {
		http.Error(w, "ckpt view: this is not the server of that host", http.StatusMisdirectedRequest)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "ckpt view: nothing can be changed here", http.StatusMethodNotAllowed)
		return
	}
	token, _, found := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if !found || subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) != 1 {
		http.Error(w, "ckpt view: open the whole address that the command printed", http.StatusForbidden)
		return
	}
	http.StripPrefix("/"+s.token, s.mux).ServeHTTP(w, r)
}

// isHost reports whether a request's Host is this server's address.
func (s *Server) isHost(host string) bool {
	address := s.listener.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	return host == address || host == "localhost:"+port
}

func (s *Server) routes() {
	s.mux.HandleFunc("/{$}", s.answer(func(ctx context.Context, _ *http.Request, out io.Writer) error {
		if err := pages.ExecuteTemplate(out, "page", newPage(s.set)); err != nil {
			return err
		}
		if err := s.set.writeList(out, s.set.list(s.set.whole()), s.set.whole(), nil, 0); err != nil {
			return err
		}
		return pages.ExecuteTemplate(out, "end", "ckpt view reads tensors as they come into view. Ctrl-C in the terminal ends it.")
	}))
	for name, kind := range map[string]string{"style.css": "text/css", "script.js": "text/javascript"} {
		s.mux.HandleFunc("/"+name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind+"; charset=utf-8")
			_, _ = io.WriteString(w, asset(name)) // an error means that the client has gone
		})
	}
	s.mux.HandleFunc("/list", s.answer(s.serveList))
	s.mux.HandleFunc("/find", s.answer(s.serveFind))
	s.mux.HandleFunc("/cells", s.answer(s.serveCells))
	s.mux.HandleFunc("/detail", s.answer(s.serveDetail))
	s.mux.HandleFunc("/changes", s.answer(s.serveChanges))
	s.mux.HandleFunc("/norms", s.answer(s.serveNorms))
	s.mux.HandleFunc("/heat.png", s.serveHeat)
}

// errRequest is the error of a request that the pages do not make.
var errRequest = errors.New("there is no such thing here")

// answer returns a handler that sends what f writes as HTML, or its error.
func (s *Server) answer(f func(context.Context, *http.Request, io.Writer) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var page bytes.Buffer
		if err := f(r.Context(), r, &page); err != nil {
			fail(w, err)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = page.WriteTo(w) // an error means that the client has gone
	}
}

func fail(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	if errors.Is(err, errRequest) {
		status = http.StatusNotFound
	}
	http.Error(w, text.OneLine(err), status)
}
