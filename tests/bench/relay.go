// SPDX-License-Identifier: BSD-2-Clause

// relay: what the router does, in Go: net/http/fcgi takes requests, the host's
// origin is looked up in a map, httputil.ReverseProxy asks it.
//
//	relay SOCKET HOSTS
package main

import (
	"bufio"
	"log"
	"net"
	"net/http"
	"net/http/fcgi"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// Lines of `host URL`.
func readHosts(name string) (map[string]*url.URL, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	hosts := map[string]*url.URL{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		host, text, _ := strings.Cut(lines.Text(), " ")
		origin, err := url.Parse(text)
		if err != nil {
			return nil, err
		}
		hosts[host] = origin
	}
	return hosts, lines.Err()
}

func hostOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	return strings.ToLower(host)
}

// idle: kept connections to the origin; 0: what the library keeps by itself.
func serve(socket string, hosts map[string]*url.URL, idle int) error {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	if err := os.Chmod(socket, 0666); err != nil {
		return err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	transport.DisableCompression = true
	if idle > 0 {
		transport.MaxIdleConns = idle
		transport.MaxIdleConnsPerHost = idle
	}
	proxy := &httputil.ReverseProxy{
		Transport: transport,
		Director: func(r *http.Request) {
			origin := hosts[hostOf(r)]
			r.URL.Scheme, r.URL.Host = origin.Scheme, origin.Host
			r.Host = ""
		},
	}
	return fcgi.Serve(listener, http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			if hosts[hostOf(r)] == nil {
				http.NotFound(w, r)
				return
			}
			proxy.ServeHTTP(w, r)
		}))
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: relay SOCKET HOSTS IDLE")
	}
	idle, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	hosts, err := readHosts(os.Args[2])
	if err == nil {
		err = serve(os.Args[1], hosts, idle)
	}
	log.Fatal(err)
}
