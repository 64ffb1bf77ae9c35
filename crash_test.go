package ckpt

import "os"

// thorough returns all where CKPT_THOROUGH is set, as `.ci/run faults` does, and else some: what is quick enough for every day.
func thorough(all, some int) int {
	if os.Getenv("CKPT_THOROUGH") != "" {
		return all
	}
	return some
}
