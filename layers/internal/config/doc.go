// Package config reads the configuration that Keras writes for a layer or an operator, an object of JSON.
//
// A [Maker] asks a [Config] for each option by its type. An option that nobody asked for is an error, unless it is known to
// change nothing at inference: an option that is passed over might give other numbers than Keras gives.
package config
