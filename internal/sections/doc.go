// Package sections lets several workers save one checkpoint without a coordinator.
//
// Each worker writes its own data file and a manifest of it ([Write]). Any process that finds all manifests merges them ([Merge]),
// without copying data. Every file is written once, under a unique name. Manifests, the decision for an attempt, and the index are
// created only if they do not exist. A worker that died can run again. A late worker finds the decision and changes nothing.
//
//	PREFIX.sections/attempt                               the attempt that workers agreed on, if the caller did not name one
//	PREFIX.sections/a-ATTEMPT/NONCE.data-0000i-of-0000M   the data of section i, M = N+1 data files
//	PREFIX.sections/a-ATTEMPT/NONCE.index, NONCE.graph    its entries and its part of the object graph
//	PREFIX.sections/a-ATTEMPT/section-0000i-of-0000N      its manifest: the section is complete
//	PREFIX.sections/decision                              the attempt that is merged
//	PREFIX.data-0000i-of-0000M                            links to the data; the last holds the object graph
//	PREFIX.index                                          the checkpoint is committed
package sections
