"""What an engineer would write in a day instead of newsdex: the same broker and contract around a ready-made engine."""
