// Package keras makes running models of the files that Keras saves:
//
//	model, err := keras.Load(ctx, "model.keras")
//	y, err := model.Run(nil, x)
//
// [Load] takes .keras archives and legacy .h5 and .hdf5 files of whole models, of Keras 2 and 3. [Save] writes an archive that Keras loads.
// Models have Functional and Sequential structure and are made of the layers of package layers; layers of other classes are made known with
// [Register]. Nothing that a file holds is run: Lambda and other code is an error that names it.
package keras
