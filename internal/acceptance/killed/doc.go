// Package killed has only tests. They start programs that save, merge and manage checkpoints, and kill them at random moments or give them a
// full disk. The next program finds a complete checkpoint, no older than the last save that was reported as done.
package killed
