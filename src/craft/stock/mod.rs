//! Scenes to perform: what happens to connections, each a script that can be printed, edited and
//! played.

use super::script::Speaker;

/// A scene.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// Its name: `close-by-client`.
    pub name: &'static str,
    /// The script, which begins with a sentence about it.
    pub text: &'static str,
    /// Which ends can be played, the usual one first: not every end can be made to do its part.
    pub roles: &'static [Speaker],
}

impl Scene {
    /// The scene of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        SCENES.iter().find(|scene| scene.name == name)
    }

    /// The sentence about it.
    pub fn about(&self) -> &'static str {
        self.text.lines().next().and_then(|line| line.strip_prefix("// ")).unwrap_or_default()
    }
}

const CLIENT: &[Speaker] = &[Speaker::Client];
const SERVER: &[Speaker] = &[Speaker::Server];
const BOTH: &[Speaker] = &[Speaker::Client, Speaker::Server];

macro_rules! scenes {
    ($($name:literal $roles:ident)*) => {
        &[$(Scene { name: $name, text: include_str!(concat!($name, ".tcp")), roles: $roles }),*]
    };
}

/// All scenes, in the order in which a learner may want them.
pub static SCENES: &[Scene] = scenes! {
    "close-by-client" BOTH
    "close-by-server" BOTH
    "close-in-three" BOTH
    "half-close" BOTH
    "simultaneous-close" CLIENT
    "simultaneous-open" SERVER
    "refused" BOTH
    "reset" BOTH
    "reset-by-server" BOTH
    "data-on-step-three" CLIENT
    "step-one-lost" SERVER
    "step-one-repeated" CLIENT
    "step-two-lost" CLIENT
    "step-three-lost" SERVER
    "abandoned" CLIENT
    "abandoned-63-seconds" CLIENT
    "window-zero" CLIENT
    "fast-open" CLIENT
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::craft::Script;
    use crate::craft::player::{Manner, Player};
    use crate::wire::Seq;

    #[test]
    fn every_scene_is_a_script_that_its_roles_can_play() {
        for scene in SCENES {
            let script: Script = scene.text.parse().unwrap_or_else(|error| panic!("{}: {error}", scene.name));
            assert_eq!(script.to_string().parse(), Ok(script.clone()), "{}", scene.name);
            for role in scene.roles {
                Player::new(&script, *role, Manner::new(Seq(1)))
                    .unwrap_or_else(|error| panic!("{} {role}: {error}", scene.name));
            }
        }
    }

    #[test]
    fn every_scene_says_what_it_is_about_and_has_a_name_of_its_own() {
        for scene in SCENES {
            assert!(scene.about().ends_with('.'), "{}: {}", scene.name, scene.about());
            assert!(Scene::named(scene.name).is_some_and(|found| std::ptr::eq(found, scene)), "{}", scene.name);
        }
    }
}
