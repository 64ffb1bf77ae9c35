// Package keras turns files that Keras saves into running models:
//
//	model, err := keras.Load(ctx, "model.keras")
//	y, err := model.Run(nil, x)
//
// [Load] takes .keras archives and legacy .h5 and .hdf5 files of whole models, of Keras 2 and 3. [Save] writes an archive that Keras loads.
// Models may be Functional or Sequential, of the layers in package layers. Register adds layers of other classes. Code in a
// file is never run: for a Lambda layer, for example, Load returns an error that names it.
package keras
