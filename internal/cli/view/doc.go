// Package view shows checkpoints in a browser: their tensors, statistics of the values, how two checkpoints differ, and how the
// values of a training run change.
//
// A [Set] holds the checkpoints of a page: one, two to compare, or those of a run. A [Server] shows it page by page, and reads a
// tensor when its row comes into view. [WriteReport] writes everything into one self-contained file.
//
// # Trust
//
// Everything in a file may be forged. html/template escapes names, and characters without width or that reverse text are shown as
// escape sequences. Pages have a Content-Security-Policy that allows only the package's script; a report has no script. The server
// listens only on a loopback address, and answers only requests that name its host and have its token.
//
// # Pictures
//
// Templates write histograms and curves as SVG; heat maps are PNG. A plotting library is not worth its dependencies: the pages
// need marks a few pixels high that follow the reader's colour scheme, not figures with axes.
package view
