/// Parameter sets by their ids, a handful of them: to look through a list of them takes less code than a tree, and no more time. Their codecs bound the ids,
/// and so the list, at 256.
#[derive(Clone, Debug)]
pub(in crate::cenc) struct Sets<T>(Vec<(u32, T)>);

impl<T> Sets<T> {
    pub(in crate::cenc) fn new() -> Self {
        Self(Vec::new())
    }

    /// Takes one in, in place of the earlier one of the id.
    pub(in crate::cenc) fn insert(&mut self, id: u32, set: T) {
        match self.0.iter_mut().find(|(known, _)| *known == id) {
            Some((_, earlier)) => *earlier = set,
            None => self.0.push((id, set)),
        }
    }

    pub(in crate::cenc) fn find(&self, id: u32) -> Option<&T> {
        self.0.iter().find(|(known, _)| *known == id).map(|(_, set)| set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_an_id_counts() {
        let mut sets = Sets::new();
        for (id, set) in [(0, 'a'), (255, 'b'), (0, 'c')] {
            sets.insert(id, set);
        }
        assert_eq!((sets.find(0), sets.find(255), sets.find(1)), (Some(&'c'), Some(&'b'), None));
        assert_eq!(sets.0.len(), 2);
    }
}
