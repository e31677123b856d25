//! What imports know about objects beyond their declarations. The engine knows no object: whoever assembles it says.

/// By which form of a text two records are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sameness {
    /// But for case, width and spaces.
    Name,
    /// But for legal form and brackets as well.
    Company,
}

/// A name of which a record of this object is known.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub object: &'static str,
    pub field: &'static str,
    pub sameness: Sameness,
}

/// What a missing record gets beside its title when an import makes it, for these titles (folded) or for all.
#[derive(Clone, Copy, Debug)]
pub struct Making {
    pub object: &'static str,
    pub titles: &'static [&'static str],
    pub values: &'static [(&'static str, &'static str)],
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Hints {
    /// Object, field, other words for it.
    pub synonyms: &'static [(&'static str, &'static str, &'static [&'static str])],
    /// Object, other words for it.
    pub objects: &'static [(&'static str, &'static [&'static str])],
    pub keys: &'static [Key],
    pub makings: &'static [Making],
    /// Object and field that hold the name of a company, whether or not it tells two records the same.
    pub companies: &'static [(&'static str, &'static str)],
    /// Object and the path of a truth value: where two records have one name, the one with it is meant.
    pub preferred: &'static [(&'static str, &'static str)],
}

impl Hints {
    pub fn synonyms(&self, object: &str, field: &str) -> &'static [&'static str] {
        let found = self.synonyms.iter().find(|(o, f, _)| *o == object && *f == field);
        found.map_or(&[], |(_, _, words)| words)
    }

    pub fn words(&self, object: &str) -> &'static [&'static str] {
        self.objects.iter().find(|(o, _)| *o == object).map_or(&[], |(_, words)| words)
    }

    pub fn sameness(&self, object: &str, field: &str) -> Option<Sameness> {
        self.keys.iter().find(|k| k.object == object && k.field == field).map(|k| k.sameness)
    }

    pub fn preferred(&self, object: &str) -> Option<&'static str> {
        self.preferred.iter().find(|(o, _)| *o == object).map(|(_, path)| *path)
    }
}
