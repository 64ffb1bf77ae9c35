// Package killed holds only tests. They start programs that save, merge and manage checkpoints, and kill them at random moments
// or give them a full disk. The next program must find a complete checkpoint, at least as new as the last save that was reported
// as done.
package killed
