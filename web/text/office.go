package text

var officeWords = Section{}
