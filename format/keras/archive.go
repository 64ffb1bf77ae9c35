package keras

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/gockpt/ckpt/format/hdf5"
	"github.com/gockpt/ckpt/format/raw"
	"github.com/gockpt/ckpt/internal/zipfile"
)

// The members of an archive.
const (
	configName   = "config.json"
	metadataName = "metadata.json"
	weightsName  = "model.weights.h5"
	arraysName   = "model.weights.npz" // instead of weightsName, on demand
)

const maxJSON = 256 << 20 // bytes of a configuration or a list of shards

// isArchive reports whether a ZIP archive is a .keras file.
func isArchive(a *zipfile.Archive) bool {
	return a.Has(configName) && (a.Has(metadataName) || a.Has(weightsName) || a.Has(arraysName))
}

func openArchive(blob *raw.Blob) (*Reader, error) {
	a, err := zipfile.Open(blob)
	if err != nil {
		return nil, err
	}
	if !isArchive(a) {
		return nil, raw.Corrupt(blob.Name(), "", "a .keras file must have %s and %s, but the archive does not", configName, weightsName)
	}
	if !a.Has(weightsName) && a.Has(arraysName) {
		return nil, raw.Unsupported(blob.Name(), "", "its weights are in %s, as pickled Python objects, which Keras refuses to load too; save the model anew with h5py installed", arraysName)
	}
	weights, err := a.Blob(weightsName)
	if err != nil {
		return nil, err
	}
	blobs := []*raw.Blob{weights}
	if _, err := weights.ReadAt(nil, 0); errors.Is(err, errors.ErrUnsupported) { // a stream: another program compressed it
		data, err := a.ReadFile(weightsName, weights.Size())
		if err != nil {
			return nil, err
		}
		blobs = []*raw.Blob{raw.Memory(weights.Name(), data), blob}
	}
	f, err := hdf5.Parse(weights.Name(), blobs[0], blobs[0].Size())
	if err != nil {
		return nil, err
	}
	r, err := newReader(blob.Name(), []*hdf5.File{f}, blobs)
	if err != nil {
		return nil, err
	}
	if r.config, err = a.ReadFile(configName, maxJSON); err != nil {
		return nil, err
	}
	r.zip = a
	if a.Has(metadataName) {
		if r.metadata, err = a.ReadFile(metadataName, maxJSON); err != nil {
			return nil, err
		}
		var metadata struct {
			Version string `json:"keras_version"`
		}
		if err := json.Unmarshal(r.metadata, &metadata); err != nil {
			return nil, raw.Corrupt(blob.Name(), "", "%s: %v", metadataName, err)
		}
		r.version = metadata.Version
	}
	return r, nil
}

// Assets returns the members of an archive in its directory assets.
func (r *Reader) Assets() ([]Asset, error) {
	if r.zip == nil {
		return nil, nil
	}
	var all []Asset
	for name := range r.zip.Names() {
		if !strings.HasPrefix(name, "assets/") || strings.HasSuffix(name, "/") {
			continue
		}
		data, err := r.zip.ReadFile(name, maxJSON)
		if err != nil {
			return nil, err
		}
		all = append(all, Asset{name, data})
	}
	return all, nil
}
