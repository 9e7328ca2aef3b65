//! The imports between the files of the workspace: they form no cycle, and in the shared library a file imports only
//! from its own module or from a lower one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{Item, UseTree, visit::Visit};

/// The modules of the shared library from the lowest to the highest. A file outside them belongs to the first.
const MODULES: [&str; 10] = [
    "", "domain", "http", "aws", "store", "auth", "portal", "webhooks", "endpoint", "runtime",
];

/// The files of a crate by their module paths, each with the files that it uses.
struct Imports(BTreeMap<String, BTreeSet<String>>);

/// Collects the paths within the crate that a file names outside its tests, in `use` and elsewhere.
struct Paths<'a> {
    /// The file's own module.
    module: &'a [String],
    found: BTreeSet<Vec<String>>,
}

impl Paths<'_> {
    fn add(&mut self, path: Vec<String>) {
        let parent = || {
            self.module
                .split_last()
                .map_or(&[][..], |(_, parent)| parent)
        };
        let within = match path.first().map(String::as_str) {
            Some("crate") => path[1..].to_vec(),
            Some("self") => [self.module, &path[1..]].concat(),
            Some("super") => [parent(), &path[1..]].concat(),
            _ => return,
        };
        self.found.insert(within);
    }

    fn add_tree(&mut self, prefix: &[String], tree: &UseTree) {
        let joined = |name: &syn::Ident| [prefix, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.add_tree(&joined(&path.ident), &path.tree),
            UseTree::Name(name) => self.add(joined(&name.ident)),
            UseTree::Rename(rename) => self.add(joined(&rename.ident)),
            UseTree::Glob(_) => self.add(prefix.to_vec()),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_tree(prefix, tree);
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Mod(tests) if tests.ident == "tests" => {}
            item => syn::visit::visit_item(self, item),
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add_tree(&[], &item.tree);
    }

    /// `pub(super)` says who may see an item, and imports nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.add(
            path.segments
                .iter()
                .map(|segment| segment.ident.to_string())
                .collect(),
        );
        syn::visit::visit_path(self, path);
    }
}

impl Imports {
    fn of(crate_root: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(crate_root);
        let files: BTreeMap<_, _> = files(&root)
            .into_iter()
            .map(|file| (module_of(file.strip_prefix(&root).unwrap()), file))
            .collect();
        let uses = |module: &Vec<String>, file: &PathBuf| {
            let source = syn::parse_file(&fs::read_to_string(file).unwrap()).unwrap();
            let mut paths = Paths {
                module,
                found: BTreeSet::new(),
            };
            paths.visit_file(&source);
            let mut used = BTreeSet::new();
            for path in paths.found {
                // The longest prefix of the path that is the module of a file.
                let module_used = (0..=path.len()).rev().map(|end| path[..end].to_vec());
                let found = module_used
                    .filter(|module| files.contains_key(module))
                    .find(|_| true);
                used.extend(found.filter(|used| used != module));
            }
            used
        };
        let imports = files.iter().map(|(module, file)| {
            let used = uses(module, file);
            (
                module.join("/"),
                used.iter().map(|used| used.join("/")).collect(),
            )
        });
        Self(imports.collect())
    }

    /// A cycle of imports, if there is one.
    fn circle(&self) -> Option<Vec<&str>> {
        let mut done = BTreeSet::new();
        self.0.keys().find_map(|file| {
            let mut way = Vec::new();
            self.circle_from(file, &mut way, &mut done).then_some(way)
        })
    }

    fn circle_from<'a>(
        &'a self,
        file: &'a str,
        way: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) -> bool {
        if let Some(at) = way.iter().position(|on_the_way| *on_the_way == file) {
            way.drain(..at);
            return true;
        }
        if done.contains(file) {
            return false;
        }
        way.push(file);
        for used in &self.0[file] {
            if self.circle_from(used, way, done) {
                return true;
            }
        }
        way.pop();
        done.insert(file);
        false
    }

    /// The imports from a lower module to a higher one.
    fn upwards(&self) -> Vec<String> {
        let floor = |file: &str| {
            let module = file.split('/').next().unwrap_or_default();
            MODULES
                .iter()
                .position(|known| *known == module)
                .unwrap_or_default()
        };
        let imports = self
            .0
            .iter()
            .flat_map(|(file, used)| used.iter().map(move |used| (file, used)));
        imports
            .filter(|(file, used)| !file.is_empty() && floor(file) < floor(used))
            .map(|(file, used)| format!("{file} uses {used}"))
            .collect()
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn module_of(file: &Path) -> Vec<String> {
    let module = file.with_extension("");
    let parts = module
        .iter()
        .map(|part| part.to_string_lossy().into_owned());
    let mut parts: Vec<_> = parts.collect();
    if parts
        .last()
        .is_some_and(|last| ["lib", "main", "mod"].contains(&last.as_str()))
    {
        parts.pop();
    }
    parts
}

#[test]
fn no_file_imports_one_that_imports_it_back() {
    for crate_root in ["shared/src", "local/src", "bench/src"] {
        let imports = Imports::of(crate_root);
        // A crate's root only declares and re-exports its modules, so imports of it do not count.
        let imports = Imports(
            imports
                .0
                .into_iter()
                .filter(|(file, _)| !file.is_empty())
                .map(|(file, mut used)| {
                    used.remove("");
                    (file, used)
                })
                .collect(),
        );
        assert!(
            imports.0.len() > 5,
            "{crate_root}: {} files",
            imports.0.len()
        );
        assert_eq!(imports.circle(), None, "a circle in {crate_root}");
    }
}

#[test]
fn rooms_of_the_shared_library_use_only_rooms_below_them() {
    let imports = Imports::of("shared/src");
    assert_eq!(imports.upwards(), Vec::<String>::new());
    // Every module exists, so that a renamed one is noticed here.
    for module in &MODULES[1..] {
        assert!(
            imports.0.contains_key(*module),
            "there is no module {module}"
        );
    }
}
