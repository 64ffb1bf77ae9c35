// Package config reads the configuration that Keras writes for a layer or an operator: a JSON object.
//
// A [Maker] reads each option from a [Config] by its type. An unread option is an error, because ignoring it might give results
// that differ from Keras's. Options that do not change inference are ignored.
package config
