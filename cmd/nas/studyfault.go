package main

import (
	"errors"
	"fmt"
	"io/fs"

	"nas/results/study"
)

// studyFault says what is wrong with a study, and what to do.
func studyFault(path string, err error) error {
	var in *study.InUseError
	switch {
	case errors.As(err, &in):
		return failed(fmt.Errorf("the study %s is in use: %w", path, in), "wait until it ends, or choose another file; a process that was killed holds none")
	case errors.Is(err, study.ErrForeign):
		return bad(fmt.Errorf("%s is no study of nas; it was left as it is", path), "--study new.db makes a new file; nas study list shows those of a folder")
	case errors.Is(err, study.ErrNewer):
		return bad(fmt.Errorf("%s was written by a newer nas; it was left as it is", path), "use the newer nas, or --study new.db")
	case errors.Is(err, study.ErrCorrupt):
		return failed(fmt.Errorf("%w; it was left as it is", err), "take a copy of it from before; --study new.db begins anew")
	case errors.Is(err, study.ErrGone):
		return failed(fmt.Errorf("the study %s was removed or replaced while it was in use; what came after is not kept", path), "the same command begins it anew")
	case errors.Is(err, fs.ErrExist):
		return bad(err, "nas search --study %s goes on with it", path)
	case errors.Is(err, fs.ErrNotExist):
		return bad(err, "nas study list FOLDER shows the studies of a folder")
	case errors.Is(err, fs.ErrPermission):
		return bad(err, "choose a file in a folder that may be written: a study is locked and logged beside itself")
	}
	return failed(err, "what the study held before is whole; make room on the disk, then nas search --study %s goes on", path)
}
