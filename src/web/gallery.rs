//! For tests: checks what every page must keep, and writes it to a folder for eyes when `LANYARD_GALLERY` names one.

use std::{collections::HashSet, fs, path::Path};

use super::{Accent, Brand, Frame, Language, csrf, visit::tests::visit};

/// A frame of Riverside Clinic.
pub(crate) fn frame(language: Language) -> Frame {
    Frame::new(&visit("/login?return=abc", &[])).in_language(language).branded(Some(brand("Riverside Clinic", None)))
}

/// A brand without a logo.
pub(crate) fn brand(name: &str, accent: Option<&str>) -> Brand {
    Brand { name: name.into(), logo: None, accent: accent.map(|text| text.parse::<Accent>().expect("a colour")) }
}

/// Checks a rendered page.
pub(crate) fn show(name: &str, html: &str) {
    let attributes = |key: &str| -> Vec<String> {
        let start = format!(" {key}=\"");
        html.split(&start).skip(1).map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
    };
    assert!(html.starts_with("<!doctype html>"), "{name}");
    assert_eq!(html.matches("<h1").count(), 1, "{name}: one main heading");
    assert_eq!(html.matches("<main").count(), 1, "{name}: one main region");
    let ids = attributes("id");
    let unique: HashSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len(), "{name}: an id is used twice: {ids:?}");
    for reference in ["for", "aria-describedby", "aria-labelledby", "aria-controls"].into_iter().flat_map(attributes) {
        for id in reference.split(' ') {
            assert!(ids.iter().any(|known| known == id), "{name}: nothing is called {id}");
        }
    }
    for unsafe_part in [" style=", "<style", " onclick=", "javascript:"] {
        assert!(!html.contains(unsafe_part), "{name}: the security policy refuses {unsafe_part}");
    }
    // Every frame of a test is a first visit, and randomness is seeded: all have the same browser.
    let visit = visit("/login?return=abc", &[]);
    for form in html.split("<form").skip(1) {
        let after = |start: &str| form.split(start).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let (action, token) = (after(" action=\""), after("name=\"csrf\" value=\""));
        assert!(csrf::is_valid(visit.site(), visit.browser(), action, token), "{name}: {action} has another's token");
        let names: Vec<_> = form.split("</form>").next().unwrap_or_default().split("<input").collect();
        assert_eq!(names.iter().filter(|input| input.contains("name=\"csrf\"")).count(), 1, "{name}: {action}");
    }
    write(name, html);
}

/// Writes a page to the folder.
pub(crate) fn write(name: &str, html: &str) {
    let Some(folder) = std::env::var_os("LANYARD_GALLERY") else { return };
    let folder = Path::new(&folder);
    fs::create_dir_all(folder).expect("a folder can be made");
    let html = html.replace("/static/", "").replace("href=\"accent/", "href=\"");
    let hash = super::assets::address("").replace("/static/", "");
    fs::write(folder.join(format!("{name}.html")), html.replace(&hash, "")).expect("a file can be written");
    for asset in ["lanyard.css", "lanyard.js", "icon.svg", "mark.svg"] {
        fs::copy(format!("templates/assets/{asset}"), folder.join(asset)).expect("a file can be copied");
    }
    for accent in ["8a1f5c", "f2b705", "1d4ed8"] {
        let css = accent.parse::<Accent>().expect("a colour").stylesheet();
        fs::write(folder.join(format!("{accent}.css")), css).expect("a file can be written");
    }
}
