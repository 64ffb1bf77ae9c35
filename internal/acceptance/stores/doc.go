// Package stores holds only tests. They save to object stores and restore from them: with all verbs, with workers that write at
// once, and with requests that fail.
package stores
