use sluice_packager::title::KeySystem;

/// The DRM system's id (DASH-IF registry), as `DRMSystem@systemId` writes it. Raw keys at a URL are no DRM system.
pub fn system_id(system: KeySystem) -> Option<&'static str> {
    match system {
        KeySystem::Widevine => Some("edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"),
        KeySystem::Playready => Some("9a04f079-9840-4286-ab92-e65be0885f95"),
        KeySystem::Fairplay => Some("94ce86fb-07ff-4f43-adb8-93d2fa968ca2"),
        KeySystem::Clearkey => Some("e2719d58-a985-b3c9-781a-b030af78d30e"),
        KeySystem::Identity => None,
    }
}
