// Package view shows checkpoints as pages of a browser: what is in them, what their values are like, how two differ, and how the
// values of a training run move.
//
// A [Set] is what a page is about: one checkpoint, two to compare, or those of a run. A [Server] shows it page by page, and reads
// a tensor when its row comes into view. [WriteReport] writes all of it as one file that needs nothing else.
//
// # Trust
//
// Everything in a file may be forged. Names are escaped by html/template, and what has no width or turns text round is shown as
// an escape sequence. Pages have a Content-Security-Policy under which nothing but the package's script runs; a report has no
// script. The server answers at a loopback address only, to requests for its own host that know its token.
//
// # Pictures
//
// Histograms and curves are SVG that templates write, and heat maps are PNG. A library for plots was not worth what it needs: the
// pages want marks a few pixels high that follow the reader's colour scheme, not figures with axes of their own.
package view
