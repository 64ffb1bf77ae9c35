package ckpt

// Each function has its own type of options. An option of another function does not compile. If several functions take an option, its
// type is good for all of them.
type (
	// An Option is an option of [New]. It applies to every call on the Checkpoint that takes such an option. The call's own
	// options are added.
	Option interface {
		setter
		forNew()
	}
	// A SaveOption is an option of [Checkpoint.Save] and [Checkpoint.Write], and of [Manager.Save].
	SaveOption interface {
		ManagerSaveOption
		forSave()
	}
	// A RestoreOption is an option of [Checkpoint.Restore], [Checkpoint.Read] and [RestoreNodes].
	RestoreOption interface {
		setter
		forRestore()
	}
	// A LoadOption is an option of [LoadWeights] and [LoadWeightsFunc].
	LoadOption interface {
		setter
		forLoad()
	}
	// A SaveWeightsOption is an option of [SaveWeights].
	SaveWeightsOption interface {
		setter
		forSaveWeights()
	}
	// An OpenOption is an option of [Open], [Latest] and [ModTime].
	OpenOption interface {
		setter
		forOpen()
	}
	// A WatchOption is an option of [Iterator] and [WaitForNew].
	WatchOption interface {
		setter
		forWatch()
	}
	// A ManagerOption is an option of [NewManager].
	ManagerOption interface {
		setter
		forManager()
	}
	// A ManagerSaveOption is an option of [Manager.Save].
	ManagerSaveOption interface {
		setter
		forManagerSave()
	}
	// A SectionOption is an option of [Checkpoint.WriteSection].
	SectionOption interface {
		setter
		forSection()
	}
	// A MergeOption is an option of [Merge].
	MergeOption interface {
		setter
		forMerge()
	}
	// A ReshardOption is an option of [Reshard].
	ReshardOption interface {
		setter
		forReshard()
	}
	// A SaverOption is an option of [NewSaver].
	SaverOption interface {
		setter
		forSaver()
	}
	// A SaverSaveOption is an option of [Saver.Save].
	SaverSaveOption interface {
		setter
		forSaverSave()
	}
	// An AssignOption is an option of [AssignFromCheckpoint] and [Saver.Restore].
	AssignOption interface {
		setter
		forAssign()
	}
)

// Types of options that several functions take.
type (
	// An AnyOption is an option of every function with options.
	AnyOption interface {
		TransferOption
		WatchOption
	}
	// A TransferOption is an option of every function that opens, reads or writes a checkpoint, and of NewManager.
	TransferOption interface {
		ReadingOption
		FileOption
		SaveOption
	}
	// A ReadOption is an option of New, NewSaver, Iterator, WaitForNew, and of every function that reads a checkpoint.
	ReadOption interface {
		ReadingOption
		WatchOption
	}
	// A ReadingOption is an option of New, NewSaver, and of every function that opens or reads a checkpoint.
	ReadingOption interface {
		RestoringOption
		OpenOption
		ReshardOption
	}
	// A LookupOption is a ReadOption and an option of NewManager.
	LookupOption interface {
		ReadOption
		ManagerOption
	}
	// A StateFileOption is an option of every function with options except WriteSection.
	StateFileOption interface {
		LookupOption
		WriteOption
		MergeOption
	}
	// A RestoringOption is an option of New, NewSaver, and of every function that assigns values.
	RestoringOption interface {
		Option
		RestoreOption
		LoadOption
		SaverOption
		AssignOption
	}
	// A RegionOption is a RestoringOption and an option of WriteSection.
	RegionOption interface {
		RestoringOption
		SectionOption
	}
	// A RenameOption is an option of Restore, Read, LoadWeights.
	RenameOption interface {
		RestoreOption
		LoadOption
	}
	// A WriteOption is an option of New, NewSaver, and of every function that writes a checkpoint, except WriteSection and Merge.
	WriteOption interface {
		Option
		SaveOption
		SaveWeightsOption
		SaverOption
		SaverSaveOption
		ReshardOption
	}
	// A FileOption is a WriteOption and an option of NewManager, WriteSection and Merge.
	FileOption interface {
		WriteOption
		ManagerOption
		SectionOption
		MergeOption
	}
	// A SavingOption is an option of New, Save, Write and NewManager.
	SavingOption interface {
		Option
		SaveOption
		ManagerOption
	}
	// A WorkerOption is an option of WriteSection and Merge.
	WorkerOption interface {
		SectionOption
		MergeOption
	}
	// A VerifyOption is an option of Merge and Reshard.
	VerifyOption interface {
		MergeOption
		ReshardOption
	}
	// A RetentionOption is an option of NewManager and NewSaver.
	RetentionOption interface {
		ManagerOption
		SaverOption
	}
	// A StateOption is an option of NewSaver and Saver.Save.
	StateOption interface {
		SaverOption
		SaverSaveOption
	}
	// A VariablesOption is an option of New, Save, Write, SaveWeights, WriteSection and NewSaver.
	VariablesOption interface {
		Option
		SaveOption
		SaveWeightsOption
		SectionOption
		SaverOption
	}
	// An ObjectOption is an option of New, LoadWeights and SaveWeights.
	ObjectOption interface {
		Option
		LoadOption
		SaveWeightsOption
	}
)

// A setter changes the options of a call.
type setter interface{ set(*options) }

// An option is the value of every option. The types above say which functions take it.
type option func(*options)

func (f option) set(o *options) { f(o) }

func (option) forNew()         {}
func (option) forSave()        {}
func (option) forRestore()     {}
func (option) forLoad()        {}
func (option) forSaveWeights() {}
func (option) forOpen()        {}
func (option) forWatch()       {}
func (option) forManager()     {}
func (option) forManagerSave() {}
func (option) forSection()     {}
func (option) forMerge()       {}
func (option) forReshard()     {}
func (option) forSaver()       {}
func (option) forSaverSave()   {}
func (option) forAssign()      {}
