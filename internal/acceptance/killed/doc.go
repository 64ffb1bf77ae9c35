// Package killed holds its tests only. They start programs that save, merge and manage checkpoints, and kill them at moments that
// nobody chose, or give them a disk that is full. What the next program finds is whole, and no older than the last save that was reported as done.
package killed
