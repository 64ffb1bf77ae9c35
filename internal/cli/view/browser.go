package view

import (
	"os"
	"os/exec"
	"runtime"
)

// Browse opens an address in the user's browser, and reports whether it found a browser.
func Browse(url string) bool {
	for _, command := range browsers() {
		c := exec.Command(command[0], append(command[1:], url)...)
		if c.Start() == nil {
			go c.Wait()
			return true
		}
	}
	return false
}

// browsers returns the commands that open an address, the best first.
func browsers() (commands [][]string) {
	if b := os.Getenv("BROWSER"); b != "" {
		commands = append(commands, []string{b})
	}
	switch runtime.GOOS {
	case "darwin":
		return append(commands, []string{"/usr/bin/open"})
	case "windows":
		return append(commands, []string{"rundll32", "url.dll,FileProtocolHandler"})
	}
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return commands
	}
	return append(commands, []string{"xdg-open"}, []string{"chromium"}, []string{"google-chrome"}, []string{"firefox"})
}
